package main

import (
	"bytes"
	"net"
	"strings"
	"testing"
)

func TestOnlyThisMachineIsATarget(t *testing.T) {
	for given, want := range map[string]string{
		"http://127.0.0.1:8080":  "http://127.0.0.1:8080",
		"http://127.0.0.1:8080/": "http://127.0.0.1:8080",
		"http://localhost:81":    "http://127.0.0.1:81",
		"http://[::1]:8080":      "http://[::1]:8080",
		"http://127.3.2.1":       "http://127.3.2.1:80",
	} {
		if got, err := loopbackTarget(given); err != nil || got != want {
			t.Errorf("%s: %s, %v", given, got, err)
		}
	}
	for _, given := range []string{
		"", "127.0.0.1:8080", "https://127.0.0.1", "http://10.213.0.1:80", "http://example.com",
		"http://0.0.0.0:80", "http://localhost.example.com", "http://shop.localhost:8080",
		"http://user@127.0.0.1", "http://127.0.0.1/x?y", "http://[::ffff:10.0.0.1]:80", "http://169.254.169.254",
	} {
		if got, err := loopbackTarget(given); err == nil {
			t.Errorf("%q was taken as %s", given, got)
		}
	}
}

func TestTheDialerHasTheLastWord(t *testing.T) {
	dialer := net.Dialer{Control: loopbackOnly}
	if connection, err := dialer.Dial("tcp", "10.213.0.1:9"); err == nil || !strings.Contains(err.Error(), "no load is sent there") {
		t.Errorf("%v, %v", connection, err)
	}
}

func TestOptionsAreBoundedAndTheErrorSaysWhatToGive(t *testing.T) {
	for name, c := range map[string]struct {
		arguments string
		part      string
	}{
		"no requests":        {"--requests 0", "--requests is 0"},
		"too many":           {"--requests 5000001", "give 1 to 5000000"},
		"too long":           {"--requests 100000 --rate 1", "takes 27h46m40s"},
		"no timeout":         {"--timeout 0s", "--timeout is 0s"},
		"too many open":      {"--rate 5000 --timeout 30s", "lower one of them"},
		"an argument":        {"now", `"now" is no option`},
		"another machine":    {"--target http://example.com", "this machine alone"},
		"a day's peak below": {"--day 60s --peak 0.5", "--peak is 0.5"},
		"no such option":     {"--loud", "not defined"},
	} {
		_, err := parse(strings.Fields(c.arguments), &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if o, err := parse(strings.Fields("--rate 500 --requests 100000 --seed 7 --day 240s"), &bytes.Buffer{}); err != nil || o.seed != 7 {
		t.Errorf("%+v, %v", o, err)
	}
}
