package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"switchyard.dev/shop/internal/postgres"
)

const readyTimeout = 30 * time.Second

// services start in this order: the storefront is ready only when its peers are.
var services = []string{"recommender", "orders", "storefront"}

// shop is everything that runs.
type shop struct {
	options  options
	folder   string
	database *postgres.Server
	proxy    *proxy
	running  map[string]*process
	all      []*process
}

// process is one service of one colour.
type process struct {
	name    string
	address string
	command *exec.Cmd
}

func start(ctx context.Context, o options) (*shop, error) {
	folder, err := os.MkdirTemp("", "shop-alone-")
	if err != nil {
		return nil, err
	}
	s := &shop{options: o, folder: folder, running: map[string]*process{}}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *shop) start(ctx context.Context) error {
	var err error
	if err = s.build(ctx); err != nil {
		return err
	}
	if s.database, err = postgres.Start(ctx); err != nil {
		return err
	}
	if s.proxy, err = newProxy(s.options.live, s.options.listen); err != nil {
		return err
	}
	for _, colour := range []string{"blue", "green"} {
		migrate := exec.CommandContext(ctx, s.binary(colour, "orders"), "migrate")
		migrate.Env = s.database.Env()
		if output, err := migrate.CombinedOutput(); err != nil {
			return fmt.Errorf("migrate: %w: %s", err, output)
		}
		for _, service := range services {
			if err := s.serve(ctx, colour, service); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shop) variant(colour string) string {
	if colour == "blue" {
		return s.options.blue
	}
	return s.options.green
}

func (s *shop) binary(colour, service string) string {
	return filepath.Join(s.folder, s.variant(colour), service)
}

// build builds what runs, in the folder of the module.
func (s *shop) build(ctx context.Context) error {
	builds := [][]string{{"-o", filepath.Join(s.folder, "shop-load"), "./load"}}
	for _, variant := range []string{s.options.blue, s.options.green} {
		builds = append(builds, []string{
			"-ldflags", "-X switchyard.dev/shop/internal/release.variant=" + variant,
			"-o", filepath.Join(s.folder, variant) + "/", "./storefront", "./orders", "./recommender",
		})
	}
	for _, arguments := range builds {
		build := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath"}, arguments...)...)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("go build %s: %w: %s", strings.Join(arguments, " "), err, output)
		}
	}
	return nil
}

// serve starts a service of a colour, waits until it is ready, and routes to it.
func (s *shop) serve(ctx context.Context, colour, service string) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	metrics, err := freeAddress()
	if err != nil {
		return err
	}
	environment := append(s.database.Env(), "COLOUR="+colour, "LISTEN="+address, "METRICS_LISTEN="+metrics, "GOGC=400",
		"MODEL=recommender/reference/model.json",
		"ORDERS_URL=http://"+s.proxy.backend(colour, "orders"),
		"RECOMMENDER_URL=http://"+s.proxy.backend(colour, "recommender"))
	command, err := s.launch(ctx, filepath.Join(s.variant(colour), service), nil, environment)
	if err != nil {
		return err
	}
	started := &process{name: colour + "/" + service, address: address, command: command}
	s.all = append(s.all, started)
	if err := awaitReady(ctx, address); err != nil {
		return fmt.Errorf("%s: %w", started.name, err)
	}
	s.running[started.name] = started
	s.proxy.use(colour, service, address)
	return nil
}

// launch starts a built program; its log goes to standard error.
func (s *shop) launch(_ context.Context, name string, arguments, environment []string) (*exec.Cmd, error) {
	command := exec.Command(filepath.Join(s.folder, name), arguments...)
	command.Env = environment
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	return command, command.Start()
}

// restart replaces the live colour's storefront under load, as a rolling update would: the
// new process first, then the old one is told to stop. The others are called by address here,
// which no name service could change, so they stay.
func (s *shop) restart(ctx context.Context) error {
	colour := *s.proxy.live.Load()
	old := s.running[colour+"/storefront"]
	if err := s.serve(ctx, colour, "storefront"); err != nil {
		return err
	}
	fmt.Println("replaced", old.name)
	return old.command.Process.Signal(syscall.SIGTERM)
}

// costs prints the share of a core that every process used since the load began.
func (s *shop) costs(took time.Duration) error {
	for _, one := range s.all {
		used, memory, err := usage(one.command.Process.Pid)
		if err == nil {
			fmt.Printf("%-24s %5.1f %% of a core, %d MiB\n", one.name, percent(used, took), memory>>20)
		}
	}
	used, err := treeUsage(s.database.Process().Pid)
	fmt.Printf("%-24s %5.1f %% of a core\n", "postgres", percent(used, took))
	own, _, errOwn := usage(os.Getpid())
	fmt.Printf("%-24s %5.1f %% of a core\n", "proxy", percent(own, took))
	return errors.Join(err, errOwn)
}

func percent(used, took time.Duration) float64 { return 100 * used.Seconds() / took.Seconds() }

func (s *shop) stop() error {
	for _, one := range s.all {
		_ = one.command.Process.Kill()
		_ = one.command.Wait()
	}
	var errs []error
	if s.proxy != nil {
		errs = append(errs, s.proxy.stop())
	}
	if s.database != nil {
		errs = append(errs, s.database.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(s.folder))...)
}

func awaitReady(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready within %s", readyTimeout)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return "127.0.0.1:" + strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), nil
}
