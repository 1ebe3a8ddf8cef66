package peer

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// called is what a test peer heard of one request.
type called struct{ method, key, body string }

// serve runs a peer that treats the calls in turn as told: "reset" breaks the connection,
// "503" says unavailable, "422" refuses, anything else answers.
func serve(t *testing.T, behaviours ...string) (*Peer, *[]called) {
	t.Helper()
	var heard []called
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		heard = append(heard, called{r.Method, r.Header.Get("Idempotency-Key"), string(body)})
		behaviour := ""
		if len(heard) <= len(behaviours) {
			behaviour = behaviours[len(heard)-1]
		}
		switch behaviour {
		case "reset":
			connection, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = connection.(*net.TCPConn).SetLinger(0)
				_ = connection.Close()
			}
		case "503":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "422":
			w.WriteHeader(http.StatusUnprocessableEntity)
		default:
			_, _ = w.Write([]byte(`{"fine":true}`))
		}
	}))
	t.Cleanup(server.Close)
	return New("test", server.URL, prometheus.NewRegistry()), &heard
}

var order = Call{Method: http.MethodPost, Path: "/orders", Body: []byte("two"), IdempotencyKey: "k"}

func TestACallSurvivesABrokenConnectionAndRepeatsItsKeyAndBody(t *testing.T) {
	peer, heard := serve(t, "reset")
	reply, err := peer.Do(context.Background(), order)
	if err != nil || reply.Status != http.StatusOK {
		t.Fatalf("%+v, %v", reply, err)
	}
	for _, one := range *heard {
		if one != (called{http.MethodPost, "k", "two"}) {
			t.Errorf("heard %+v: a repeated call must be the same", one)
		}
	}
}

func TestACallIsRepeatedWhenThePeerIsUnavailable(t *testing.T) {
	peer, heard := serve(t, "503")
	if reply, err := peer.Do(context.Background(), order); err != nil || reply.Status != http.StatusOK {
		t.Fatalf("%+v, %v", reply, err)
	}
	if len(*heard) != 2 {
		t.Errorf("%d calls", len(*heard))
	}
}

func TestARefusalIsNotRepeated(t *testing.T) {
	peer, heard := serve(t, "422")
	reply, err := peer.Do(context.Background(), order)
	if err != nil || reply.Status != http.StatusUnprocessableEntity || len(*heard) != 1 {
		t.Errorf("%+v, %v after %d calls", reply, err, len(*heard))
	}
}

func TestACallGivesUpAfterTheSecondTry(t *testing.T) {
	peer, heard := serve(t, "503", "503", "fine")
	reply, err := peer.Do(context.Background(), order)
	if err != nil || reply.Status != http.StatusServiceUnavailable || len(*heard) != 2 {
		t.Errorf("%+v, %v after %d calls", reply, err, len(*heard))
	}
	if err := reply.Decode(&struct{}{}, http.StatusOK); err == nil {
		t.Error("an answer that is not the wanted one was decoded")
	}
}

func TestACallerWhoLeftIsNotServedTwice(t *testing.T) {
	peer, heard := serve(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := peer.Do(ctx, order); err == nil || len(*heard) != 0 {
		t.Errorf("%v after %d calls", err, len(*heard))
	}
}
