package main

import (
	"bufio"
	"errors"
	"os"
	"strconv"
	"time"
)

// sample is one request as it went.
type sample struct {
	n uint64
	// due is when the schedule wanted it sent; sent when it was.
	due, sent time.Time
	// latency is from due, not from sent: a request that had to wait for its turn was slow.
	latency time.Duration
	kind    kind
	status  uint16
	outcome outcome
}

// sampleWriter writes samples as JSON lines, in the order in which they ended. A nil writer
// writes nothing.
type sampleWriter struct {
	file   *os.File
	buffer *bufio.Writer
	line   []byte
}

// newSampleWriter makes the file; without a path it gives nil.
func newSampleWriter(path string) (*sampleWriter, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &sampleWriter{file: file, buffer: bufio.NewWriterSize(file, 256<<10)}, nil
}

// write appends one line. It is built by hand: hundreds a second share two cores with the
// shop that is being measured.
func (w *sampleWriter) write(s sample) error {
	if w == nil {
		return nil
	}
	line := append(w.line[:0], `{"n":`...)
	line = strconv.AppendUint(line, s.n, 10)
	line = append(line, `,"due_ns":`...)
	line = strconv.AppendInt(line, s.due.UnixNano(), 10)
	line = append(line, `,"sent_ns":`...)
	line = strconv.AppendInt(line, s.sent.UnixNano(), 10)
	line = append(line, `,"latency_ns":`...)
	line = strconv.AppendInt(line, int64(s.latency), 10)
	line = append(line, `,"kind":"`...)
	line = append(line, s.kind.String()...)
	line = append(line, `","status":`...)
	line = strconv.AppendUint(line, uint64(s.status), 10)
	line = append(line, `,"colour":`...)
	line = strconv.AppendQuote(line, s.outcome.colour)
	line = append(line, `,"version":`...)
	line = strconv.AppendQuote(line, s.outcome.version)
	line = append(line, `,"outcome":"`...)
	line = append(line, s.outcome.verdict.String()...)
	line = append(line, "\"}\n"...)
	w.line = line
	_, err := w.buffer.Write(line)
	return err
}

func (w *sampleWriter) close() error {
	if w == nil {
		return nil
	}
	return errors.Join(w.buffer.Flush(), w.file.Close())
}
