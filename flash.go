package hipflask

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Message is a flashed message. In a page it prints as its text, escaped like
// any other; in JSON it is [category, text], as in Flask.
type Message struct{ Category, Text string }

// String returns the text.
func (m Message) String() string { return m.Text }

// MarshalJSON writes [category, text].
func (m Message) MarshalJSON() ([]byte, error) {
	return marshal([2]string{m.Category, m.Text})
}

// UnmarshalJSON reads [category, text].
func (m *Message) UnmarshalJSON(data []byte) error {
	var pair []string
	if err := json.Unmarshal(data, &pair); err != nil || len(pair) != 2 {
		return fmt.Errorf("hipflask: a flashed message is [category, text], not %.100s", data)
	}
	m.Category, m.Text = pair[0], pair[1]
	return nil
}

// Flash keeps a message for the next page that shows messages, in this request
// or a later one: {{range get_flashed_messages}}. Its category is "message".
//
// Messages live in the session and need Config.SecretKey; see [ErrNoSecretKey].
// If nobody shows them until they no longer fit into the cookie, the oldest
// are dropped, and the log says how many.
func (c *Context) Flash(text string) { c.FlashAs("message", text) }

// FlashAs is [Context.Flash] with a category: "error", "success", or a word of
// your own. Flask's flash takes it as its second argument; here it is the first.
func (c *Context) FlashAs(category, text string) {
	if c.Session().flash(Message{category, text}) {
		MessageFlashed.Send(c, Message{category, text})
	}
}

// flash keeps a message, and reports whether it could.
func (s *Session) flash(m Message) bool {
	message, err := marshal(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.writable(flashesKey) {
		return false
	}
	if err != nil {
		s.fail(err)
		return false
	}
	s.put(flashesKey, s.appendFlash(message))
	return true
}

// appendFlash adds a message to the JSON list of them without decoding it, and
// mostly without copying it: a view may flash for each of a thousand rows. What
// is no list begins a new one.
func (s *Session) appendFlash(message []byte) json.RawMessage {
	list := bytes.TrimSpace(s.values[flashesKey])
	if !bytes.HasPrefix(list, []byte("[")) {
		list = []byte("[]")
	}
	open := bytes.TrimSpace(list[:len(list)-1])
	if s.flashList != &list[0] { // not yet a list of our own, with room at its end
		open = append(make([]byte, 0, 2*len(list)+len(message)), open...)
	}
	if len(open) > len("[") {
		open = append(open, ',')
	}
	list = append(append(open, message...), ']')
	s.flashList = &list[0]
	return list
}

// FlashedMessages returns the messages flashed and not yet shown, oldest first:
// those of the given categories, or all if none is given. It is Flask's
// get_flashed_messages.
//
// The first call takes all of them out of the session, whatever the
// categories; later calls in the same request see the same messages.
func (c *Context) FlashedMessages(categories ...string) []Message {
	var found []Message
	for _, m := range c.Session().takeFlashes() {
		if len(categories) == 0 || slices.Contains(categories, m.Category) {
			found = append(found, m)
		}
	}
	return found
}

// takeFlashes returns this request's messages: at its first call, it moves them
// out of the session.
func (s *Session) takeFlashes() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touch()
	if s.flashesRead {
		return s.flashed
	}
	s.flashesRead = true
	if raw, ok := s.values[flashesKey]; ok {
		s.take(flashesKey)
		// What somebody else stored under our key may be no messages: none then.
		if json.Unmarshal(raw, &s.flashed) != nil {
			s.flashed = nil
		}
	}
	return s.flashed
}

// rawFlashes returns the messages among a session's values as they are.
func rawFlashes(values map[string]json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(values[flashesKey], &list) != nil {
		return nil
	}
	return list
}

// withoutOldestFlashes returns a copy of values less its oldest messages: at
// least one, and more until size bytes are gone. It returns nil if there was
// none.
func withoutOldestFlashes(values map[string]json.RawMessage, size int) map[string]json.RawMessage {
	list := rawFlashes(values)
	if len(list) == 0 {
		return nil
	}
	n := 0
	for ; n == 0 || n < len(list) && size > 0; n++ {
		size -= len(list[n])
	}
	less := maps.Clone(values)
	delete(less, flashesKey)
	if n < len(list) {
		less[flashesKey], _ = marshal(list[n:])
	}
	return less
}

// warnDropped logs how many of the session's messages are not among the values
// that were saved. Their texts may be private.
func (s *Session) warnDropped(saved map[string]json.RawMessage) {
	if n := len(rawFlashes(s.values)) - len(rawFlashes(saved)); n > 0 {
		s.c.app.Logger().Warn("hipflask: flashed messages were dropped, oldest first: with them the session is too large for its cookie. "+
			"Does the layout show get_flashed_messages?", "dropped", n)
	}
}
