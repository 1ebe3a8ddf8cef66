package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU time in /proc (USER_HZ, 100 on every Linux of today).
const tick = 10 * time.Millisecond

// stat reads the fields of /proc/<pid>/stat that follow the command's name, which may itself
// hold spaces and brackets.
func stat(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])), nil
}

func ticks(fields ...string) time.Duration {
	var sum time.Duration
	for _, field := range fields {
		count, _ := strconv.ParseInt(field, 10, 64)
		sum += time.Duration(count) * tick
	}
	return sum
}

// usage gives CPU time (user and system) and resident bytes of a process.
func usage(pid int) (used time.Duration, memory int64, err error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, 0, err
	}
	pages, _ := strconv.ParseInt(fields[21], 10, 64)
	return ticks(fields[11], fields[12]), pages * int64(os.Getpagesize()), nil
}

// treeUsage gives the CPU time of a process and its children, the ended ones included.
func treeUsage(pid int) (time.Duration, error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, err
	}
	used := ticks(fields[11], fields[12], fields[13], fields[14])
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	for _, entry := range entries {
		child, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if fields, err := stat(child); err == nil && fields[1] == strconv.Itoa(pid) {
			used += ticks(fields[11], fields[12])
		}
	}
	return used, nil
}
