package hipflask

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hipflask/hipflask/internal/jsontext"
)

// Message is a flashed message. In a page it prints as its text, escaped like
// any other; in JSON it is [category, text], as in Flask.
type Message struct{ Category, Text string }

// String returns the text.
func (m Message) String() string { return m.Text }

// MarshalJSON writes [category, text].
func (m Message) MarshalJSON() ([]byte, error) { return m.appendJSON(nil), nil }

func (m Message) appendJSON(dst []byte) []byte {
	dst = jsontext.AppendString(append(dst, '['), m.Category, false)
	return append(jsontext.AppendString(append(dst, ','), m.Text, false), ']')
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.writable(flashesKey) {
		return false
	}
	if s.flashing == nil {
		list, _ := s.values.get(flashesKey)
		s.flashing = smallBuffers.get()
		*s.flashing = beginFlashes((*s.flashing)[:0], list)
	}
	list := *s.flashing
	if len(list) > len("[") {
		list = append(list, ',')
	}
	*s.flashing = m.appendJSON(list)
	s.changed()
	return true
}

// beginFlashes appends a list of messages up to its end, for more to follow. What is
// no list begins a new one.
func beginFlashes(dst []byte, list string) []byte {
	list = strings.TrimSpace(list)
	if !strings.HasPrefix(list, "[") {
		list = "[]"
	}
	return append(dst, strings.TrimSpace(list[:len(list)-1])...)
}

// settleFlashes puts the list of messages among the values. Until somebody looks, it
// grows apart from them: a view may flash for each of a thousand rows.
func (s *Session) settleFlashes() {
	if s.flashing != nil {
		list := append(*s.flashing, ']')
		s.own()
		s.values = s.values.with(flashesKey, string(list))
		smallBuffers.keep(s.flashing, list)
		s.flashing = nil
	}
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
	s.settleFlashes()
	if raw, ok := s.values.get(flashesKey); ok {
		s.take(flashesKey)
		s.flashed = parseFlashes(raw)
	}
	return s.flashed
}

// parseFlashes reads a list of messages. What somebody else stored under our key may
// be none: no messages then.
func parseFlashes(list string) (messages []Message) {
	rest, ok := strings.CutPrefix(list, "[[")
	for ok {
		var m Message
		if m.Category, rest, ok = cutString(rest, ","); !ok {
			break
		}
		if m.Text, rest, ok = cutString(rest, "]"); !ok {
			break
		}
		messages = append(messages, m)
		if rest == "]" {
			return messages
		}
		rest, ok = strings.CutPrefix(rest, ",[")
	}
	if json.Unmarshal([]byte(list), &messages) != nil { // not as simple as we write it
		return nil
	}
	return messages
}

// cutString takes a JSON string without escapes, and what must follow it, from the
// front of a text.
func cutString(text, follows string) (plain, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		return "", "", false
	}
	quoted, rest, found := strings.Cut(text[1:], `"`)
	if !found {
		return "", "", false
	}
	if plain, ok = jsontext.PlainString(text[:len(quoted)+2]); !ok {
		return "", "", false
	}
	rest, ok = strings.CutPrefix(rest, follows)
	return plain, rest, ok
}

// rawFlashes returns the messages of a list as they are.
func rawFlashes(list string) (messages []json.RawMessage) {
	if json.Unmarshal([]byte(list), &messages) != nil {
		return nil
	}
	return messages
}

// withoutOldestFlashes returns a list less its oldest messages: at least one, and
// more until size bytes are gone. It reports false if there was none. The list is
// empty if none is left.
func withoutOldestFlashes(list string, size int) (less string, dropped bool) {
	messages := rawFlashes(list)
	if len(messages) == 0 {
		return list, false
	}
	n := 0
	for ; n == 0 || n < len(messages) && size > 0; n++ {
		size -= len(messages[n])
	}
	if n == len(messages) {
		return "", true
	}
	rest, _ := marshal(messages[n:])
	return string(rest), true
}

// withoutOldestFlashes returns a copy of the values with fewer messages, if there
// are any.
func (v sessionValues) withoutOldestFlashes(size int) (less sessionValues, dropped bool) {
	list, _ := v.get(flashesKey)
	list, dropped = withoutOldestFlashes(list, size)
	switch {
	case !dropped:
		return v, false
	case list == "":
		return v.copied().without(flashesKey), true
	}
	return v.copied().with(flashesKey, list), true
}

// warnDropped logs how many of the session's messages are not among the values
// that were saved. Their texts may be private.
func (s *Session) warnDropped(saved sessionValues) {
	all, _ := s.values.get(flashesKey)
	kept, _ := saved.get(flashesKey)
	if n := len(rawFlashes(all)) - len(rawFlashes(kept)); n > 0 {
		s.c.app.Logger().Warn("hipflask: flashed messages were dropped, oldest first: with them the session is too large for its cookie. "+
			"Does the layout show get_flashed_messages?", "dropped", n)
	}
}
