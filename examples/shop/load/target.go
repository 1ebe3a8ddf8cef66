package main

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

// loopbackTarget checks a target and gives it with a literal address. Load is sent to this
// machine alone: a load generator that accepts any address is a weapon.
func loopbackTarget(text string) (string, error) {
	refuse := func(why string) (string, error) {
		return "", fmt.Errorf("--target is %q: %s, and load is sent to this machine alone; give http://127.0.0.1:<port>", text, why)
	}
	target, err := url.Parse(text)
	if err != nil || target.Host == "" {
		return refuse("it is no URL")
	}
	if target.Scheme != "http" {
		return refuse("its scheme is not http")
	}
	if target.User != nil || target.RawQuery != "" || target.Fragment != "" || strings.Trim(target.Path, "/") != "" {
		return refuse("it has more than a host and a port")
	}
	host, port := target.Hostname(), target.Port()
	if port == "" {
		port = "80"
	}
	if host == "localhost" { // not looked up: what a resolver says need not be loopback
		host = "127.0.0.1"
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return refuse("its host is no address")
	}
	if !address.IsLoopback() {
		return refuse("its address is not a loopback one")
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

// loopbackOnly is a net.Dialer's Control: the last word before a connection is made.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().IsLoopback() {
		return fmt.Errorf("%s is not a loopback address: no load is sent there", address)
	}
	return nil
}
