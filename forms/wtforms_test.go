package forms_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/hipflask/hipflask/forms"
)

// probe is the form of testdata/probe.py.
type probe struct {
	Required   string    `validate:"required"`
	Given      string    `validate:"input_required"`
	Optional   string    `validate:"optional,min=3"`
	Atleast    string    `validate:"min=3"`
	Atleastone string    `validate:"min=1"`
	Atmost     string    `validate:"max=3"`
	Atmostone  string    `validate:"max=1"`
	Exactly    string    `validate:"len=2"`
	Between    string    `validate:"min=2,max=4"`
	Email      string    `widget:"email" validate:"optional,email"`
	URL        string    `form:"url" widget:"url" validate:"optional,url"`
	IP         string    `form:"ip" validate:"optional,ipv4"`
	Mac        string    `validate:"optional,mac"`
	UUID       string    `form:"uuid" validate:"optional,uuid"`
	Regexp     string    `validate:"optional" pattern:"[a-z]+"`
	Anyof      string    `validate:"optional,oneof=a b"`
	Noneof     string    `validate:"optional,noneof=a b"`
	Password   string    `widget:"password" validate:"optional,min=3"`
	Confirm    string    `widget:"password" validate:"eqfield=Password"`
	Number     int       `validate:"input_required,min=1,max=5"`
	Low        int       `validate:"optional,min=1"`
	High       int       `validate:"optional,max=5"`
	Plain      int       //
	Float      float64   `validate:"optional"`
	Decimal    float64   `widget:"decimal" validate:"optional"`
	Date       time.Time `widget:"date" validate:"optional"`
	Time       time.Time `widget:"time" validate:"optional"`
	When       time.Time `validate:"optional"`
	Month      time.Time `widget:"month" validate:"optional"`
	Color      string    `choices:"r=Red,g=Green"`
	Radio      string    `widget:"radio" choices:"r=Red,g=Green" validate:"input_required"`
	Size       int       `choices:"1=One,2=Two" validate:"optional"`
	Tags       []string  `choices:"a=A,b=B"`
	Nums       []int     `choices:"1=One,2=Two"`
	Agree      bool
	Accept     bool         `validate:"required"`
	Items      []probeItem  `minentries:"1"`
	Address    probeItem    //
	Send       forms.Submit //
}

type probeItem struct {
	Name  string `validate:"input_required"`
	Count int    `validate:"optional"`
}

// TestAgainstWTForms: what WTForms says of a form, for each of many things sent, is what
// is said here. testdata/wtforms.jsonl is what it said.
func TestAgainstWTForms(t *testing.T) {
	text, err := os.ReadFile("testdata/wtforms.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	type flags struct{ Agree, Accept, Send bool }
	cases := 0
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var c struct {
			Sent   url.Values
			Errors map[string][]string
			Items  [][3]any
			Flags  flags
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases++
		var in probe
		form := send(t, &in, c.Sent)
		if got := form.Errors(); !reflect.DeepEqual(got, c.Errors) {
			t.Errorf("%v\ngot  %q\nwant %q", c.Sent, got, c.Errors)
		}
		if got := (flags{in.Agree, in.Accept, bool(in.Send)}); got != c.Flags {
			t.Errorf("%v: got %v, want %v", c.Sent, got, c.Flags)
		}
		var items [][3]any
		for i, entry := range form.Field("items").Entries() {
			items = append(items, [3]any{entry.Name(), in.Items[i].Name, float64(in.Items[i].Count)})
		}
		if fmt.Sprint(items) != fmt.Sprint(c.Items) {
			t.Errorf("%v: got %v, want %v", c.Sent, items, c.Items)
		}
	}
	if cases < 80 {
		t.Errorf("%d cases were compared, want 80 or more", cases)
	}
}
