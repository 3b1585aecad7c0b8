package main

import (
	"container/list"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// event is the body of a webhook. The id is in it, and not in a header, so that it
// is signed too: else a copy could take another one.
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
	maxShown = 50             // deliveries on the page
	maxQueue = 100            // events that wait for their work
	maxIDs   = 100_000        // remembered, of 100 bytes at most
	keepIDs  = 72 * time.Hour // for as long as senders send again what was not answered

	// A signature may be of a time ahead of ours, and then holds for twice as long.
	copyTime = 2*tolerance + time.Second
)

var errFull = errors.New("no room for another webhook")

// receiver remembers ids and does the work of events, one after the other.
type receiver struct {
	secrets []string
	work    func(event) error
	now     func() time.Time
	queue   chan *delivery
	done    chan struct{}

	mu     sync.Mutex
	closed bool
	seen   map[string]*list.Element // by id, of ids
	ids    *list.List               // of known, in order of their times
	last   []*delivery              // the newest at the end
}

// known is an id, and when it was received last.
type known struct {
	id string
	at time.Time
}

func newReceiver(secrets []string, work func(event) error) *receiver {
	r := &receiver{
		secrets: secrets, work: work, now: time.Now,
		queue: make(chan *delivery, maxQueue),
		done:  make(chan struct{}),
		seen:  map[string]*list.Element{}, ids: list.New(),
	}
	go r.run()
	return r
}

// add puts an event into the queue. One whose id is known is received already, and
// there is nothing left to do. It never waits.
func (r *receiver) add(e event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if id, found := r.seen[e.ID]; found && now.Sub(id.Value.(known).at) < keepIDs {
		id.Value = known{e.ID, now} // its signature may be a new one
		r.ids.MoveToBack(id)
		return nil
	}
	r.forget(now)
	if r.closed || r.ids.Len() >= maxIDs {
		return errFull
	}
	d := &delivery{e, now, "waiting"}
	select {
	case r.queue <- d:
	default:
		return errFull // and the id is not remembered, as it will be sent again
	}
	r.seen[e.ID] = r.ids.PushBack(known{e.ID, now})
	r.last = append(r.last, d)
	r.last = slices.Delete(r.last, 0, max(0, len(r.last)-maxShown))
	return nil
}

// forget makes room for an id. Where there is little, old ids go before their time,
// but none whose signature still holds: a copy of that webhook would be taken for a
// new one.
func (r *receiver) forget(now time.Time) {
	for r.ids.Len() > 0 {
		oldest := r.ids.Front().Value.(known)
		age := now.Sub(oldest.at)
		if age < copyTime || age < keepIDs && r.ids.Len() < maxIDs {
			return
		}
		delete(r.seen, oldest.id)
		r.ids.Remove(r.ids.Front())
	}
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
