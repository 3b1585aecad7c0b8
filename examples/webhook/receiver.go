package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// event is the body of a webhook. The id is in it, and not in a header, so that it
// is signed too: else a replay could take another one.
type event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Text string `json:"text"`
}

// delivery is an event and what became of it.
type delivery struct {
	event
	Received time.Time
	State    string // waiting, done or failed
}

const (
	maxShown = 50     // deliveries on the page
	maxQueue = 100    // events that wait for their work
	maxIDs   = 10_000 // remembered to refuse replays
)

var (
	errReplay = errors.New("the id is known")
	errFull   = errors.New("no room for another webhook")
)

// receiver remembers ids and does the work of events, one after the other.
type receiver struct {
	secrets []string
	work    func(event) error
	now     func() time.Time
	queue   chan *delivery
	done    chan struct{}

	mu     sync.Mutex
	closed bool
	seen   map[string]time.Time // by id: when to forget it
	last   []*delivery          // the newest at the end
}

func newReceiver(secrets []string, work func(event) error) *receiver {
	r := &receiver{
		secrets: secrets, work: work, now: time.Now,
		queue: make(chan *delivery, maxQueue),
		done:  make(chan struct{}),
		seen:  map[string]time.Time{},
	}
	go r.run()
	return r
}

// add puts an event into the queue, unless its id is known. It never waits.
func (r *receiver) add(e event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if until, known := r.seen[e.ID]; known && now.Before(until) {
		return errReplay
	}
	if len(r.seen) >= maxIDs {
		for id, until := range r.seen {
			if !now.Before(until) {
				delete(r.seen, id)
			}
		}
	}
	// Forgetting one that may still be replayed would open the door again.
	if r.closed || len(r.seen) >= maxIDs {
		return errFull
	}
	d := &delivery{e, now, "waiting"}
	select {
	case r.queue <- d:
	default:
		return errFull // and the id is not remembered, as it will be sent again
	}
	// A signature may be of a time ahead of ours, and then holds for twice as long.
	r.seen[e.ID] = now.Add(2*tolerance + time.Second)
	r.last = append(r.last, d)
	r.last = slices.Delete(r.last, 0, max(0, len(r.last)-maxShown))
	return nil
}

func (r *receiver) run() {
	defer close(r.done)
	for d := range r.queue {
		state := "done"
		if err := r.try(d.event); err != nil {
			state = "failed"
			slog.Error("the work of a webhook failed", "id", d.ID, "error", err)
		}
		r.mu.Lock()
		d.State = state
		r.mu.Unlock()
	}
}

// try does the work. A panic fails this event and not the program.
func (r *receiver) try(e event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return r.work(e)
}

// list returns the last deliveries, the newest first.
func (r *receiver) list() (all []delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range slices.Backward(r.last) {
		all = append(all, *d)
	}
	return all
}

// close takes no more events, and returns when the work of all is done.
func (r *receiver) close() {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.queue)
	}
	r.mu.Unlock()
	<-r.done
}
