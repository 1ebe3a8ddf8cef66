// Package postgres runs a real PostgreSQL on loopback, for tests and for running the shop
// alone. It is never part of a service.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// unprivileged is `nobody`: PostgreSQL refuses to run as root.
	unprivileged = 65534
	startTimeout = 30 * time.Second
	stopTimeout  = 10 * time.Second
	// user is superuser and database name at once; it is let in without a password, for
	// only this machine can reach the server.
	user = "shop"
)

// ErrNone says that no PostgreSQL was found.
var ErrNone = errors.New("no PostgreSQL was found, so nothing can be stored; install Debian's postgresql-15, or give the folder of its programs in POSTGRES_BIN (and of their libraries in POSTGRES_LIB)")

// Server is a running PostgreSQL with an empty database, deleted when it is stopped.
type Server struct {
	// Port is where it listens on 127.0.0.1.
	Port    int
	folder  string
	command *exec.Cmd
}

// programs gives the folder of initdb and postgres.
func programs() (string, error) {
	candidates, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if given := os.Getenv("POSTGRES_BIN"); given != "" {
		candidates = []string{given}
	}
	for _, folder := range candidates {
		if _, err := os.Stat(filepath.Join(folder, "initdb")); err == nil {
			return folder, nil
		}
	}
	return "", ErrNone
}

// Start makes a database cluster in a temporary folder and waits until it answers. Extra
// arguments are settings such as "fsync=off".
func Start(ctx context.Context, settings ...string) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "shop-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder}
	if err := s.start(ctx, bin, settings); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, bin string, settings []string) error {
	if os.Geteuid() == 0 {
		if err := os.Chown(s.folder, unprivileged, unprivileged); err != nil {
			return err
		}
	}
	data := filepath.Join(s.folder, "data")
	initdb := s.program(bin, "initdb", "--pgdata", data, "--username", user, "--auth", "trust",
		"--no-sync", "--locale", "C", "--encoding", "UTF8")
	if output, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, output)
	}
	var err error
	if s.Port, err = freePort(); err != nil {
		return err
	}
	arguments := []string{"-D", data, "-c", "listen_addresses=127.0.0.1", "-c", "port=" + strconv.Itoa(s.Port),
		"-c", "unix_socket_directories=" + s.folder}
	for _, setting := range settings {
		arguments = append(arguments, "-c", setting)
	}
	s.command = s.program(bin, "postgres", arguments...)
	if err := s.command.Start(); err != nil {
		return err
	}
	return s.await(ctx)
}

// program prepares one of PostgreSQL's programs: unprivileged, and ended with its parent.
func (s *Server) program(bin, name string, arguments ...string) *exec.Cmd {
	command := exec.Command(filepath.Join(bin, name), arguments...)
	command.Dir = s.folder
	if libraries := os.Getenv("POSTGRES_LIB"); libraries != "" { // unpacked, not installed
		command.Env = append(os.Environ(), "LD_LIBRARY_PATH="+libraries)
	}
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() == 0 {
		command.SysProcAttr.Credential = &syscall.Credential{Uid: unprivileged, Gid: unprivileged}
	}
	return command
}

// await waits until the server answers, and makes the database.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		connection, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			_, err = connection.Exec(ctx, "CREATE DATABASE "+user)
			return errors.Join(err, connection.Close(ctx))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL did not answer on port %d: %w", s.Port, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", user, s.Port, database)
}

// URL gives the connection string of the empty database.
func (s *Server) URL() string { return s.url(user) }

// Env gives the variables with which a service finds the database.
func (s *Server) Env() []string {
	return []string{
		"PGHOST=127.0.0.1", "PGPORT=" + strconv.Itoa(s.Port), "PGUSER=" + user,
		"PGDATABASE=" + user, "PGSSLMODE=disable",
	}
}

// Process gives the server's process, to measure it.
func (s *Server) Process() *os.Process { return s.command.Process }

// Stop ends the server at once, without waiting for its clients, and deletes its folder.
func (s *Server) Stop() error {
	if s.command != nil && s.command.Process != nil {
		_ = s.command.Process.Signal(syscall.SIGINT)
		killer := time.AfterFunc(stopTimeout, func() { _ = s.command.Process.Kill() })
		_ = s.command.Wait()
		killer.Stop()
	}
	return os.RemoveAll(s.folder)
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
