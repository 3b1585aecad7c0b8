//go:build unix

package devloop

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// roleVariable has a process of the tests be something else than a test.
const roleVariable = "DEVLOOP_TEST_ROLE"

func TestMain(m *testing.M) {
	switch role, address, _ := strings.Cut(os.Getenv(roleVariable), " "); role {
	case "":
		os.Exit(m.Run())
	case "child":
		beChild(address)
	case "helper":
		beHelper()
	}
}

// beChild tells what it is, has a helper tell the same, and listens on an address
// until it is to end.
func beChild(address string) {
	beHelper()
	helper := exec.Command(os.Args[0])
	helper.Env = append(os.Environ(), roleVariable+"=helper")
	helper.Stdout, helper.Stderr = os.Stdout, os.Stderr
	if err := helper.Run(); err != nil {
		fmt.Println(err)
	}
	ctx, l, err := Inherit(context.Background(), address)
	fmt.Printf("listens %t %v\n", l != nil, err)
	if _, again, _ := Inherit(ctx, address); again != nil {
		fmt.Println("the listener is given twice")
	}
	<-ctx.Done()
	fmt.Println("ended")
}

func beHelper() {
	_, variable := os.LookupEnv(childVariable)
	fmt.Printf("child %t, variable %t, listener %t, pipes %t %t\n", IsChild(), variable, isKind(listenerFile, syscall.S_IFSOCK), isKind(holdFile, syscall.S_IFIFO), isKind(tellFile, syscall.S_IFIFO))
}

func isKind(fd int, kind uint32) bool {
	var st syscall.Stat_t
	return syscall.Fstat(fd, &st) == nil && uint32(st.Mode)&syscall.S_IFMT == kind
}

// startRole starts this program as a child of the build 7, with what a supervisor
// hands on.
func startRole(t *testing.T, parent int, address string) (lines *bufio.Scanner, told *bufio.Scanner, hold *os.File) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	shared, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	holdRead, hold := pipe(t)
	toldRead, tell := pipe(t)
	stdoutRead, stdout := pipe(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=child "+address, fmt.Sprintf("%s=%d 7 127.0.0.1:5000", childVariable, parent))
	cmd.Stdout, cmd.Stderr = stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{shared, holdRead, tell}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{shared, holdRead, tell, stdout} {
		f.Close()
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for _, f := range []*os.File{stdoutRead, toldRead} {
		if err := f.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
	}
	return bufio.NewScanner(stdoutRead), bufio.NewScanner(toldRead), hold
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func next(lines *bufio.Scanner) string {
	if lines.Scan() {
		return lines.Text()
	}
	if err := lines.Err(); err != nil {
		return err.Error()
	}
	return io.EOF.Error()
}

// TestChild: a child knows itself; what it starts neither does nor holds what is
// the child's. It ends with the supervisor, whatever address it listens on, and
// tells of another one.
func TestChild(t *testing.T) {
	for _, test := range []struct{ address, listens, told string }{
		{"127.0.0.1:5000", "listens true <nil>", ""},
		{"127.0.0.1:5001", "listens false <nil>", "127.0.0.1:5001"},
	} {
		lines, told, hold := startRole(t, os.Getpid(), test.address)
		for _, want := range []string{
			"child true, variable false, listener true, pipes true true",
			"child false, variable false, listener false, pipes false false",
			test.listens,
		} {
			if got := next(lines); got != want {
				t.Errorf("%s: got %q, want %q", test.address, got, want)
			}
		}
		if got := next(told); got != test.told {
			t.Errorf("%s: the supervisor is told %q, want %q", test.address, got, test.told)
		}
		hold.Close()
		if got := next(lines); got != "ended" {
			t.Errorf("%s: got %q once the supervisor had gone, want the end", test.address, got)
		}
	}
}

// TestNotChild: the variable of another process makes no child.
func TestNotChild(t *testing.T) {
	lines, _, _ := startRole(t, os.Getpid()+1, "127.0.0.1:5000")
	if got, want := next(lines), "child false, variable false"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %s", got, want)
	}
}
