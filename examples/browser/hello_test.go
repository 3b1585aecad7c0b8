package browser

import (
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestHello(t *testing.T) {
	v := newVisitor(t, program(t, "../hello", nil))

	v.open("/")
	v.sees("Hello, Stranger!")
	v.fits("hello")

	// The browser sends no empty field that has to be filled in, and the App has
	// the last word on blanks.
	v.do(chromedp.Click(`//button[normalize-space()="Apologize"]`))
	v.js(`document.querySelector("[name=flask_name]").validity.valueMissing`)
	v.fill("flask_name", "  ")
	v.press("Apologize")
	v.at("/")
	v.sees("This field is required.")
	v.fits("hello-form")

	v.fill("flask_name", "Ann")
	v.press("Apologize")
	v.at("/index")
	v.sees("Hello, Ann!")
	v.seesNot("multiple names")

	v.fill("flask_name", "Bob <b>")
	v.press("Apologize")
	v.sees("Hello, Bob <b>!", "You have multiple names?", "This page was made a few seconds ago.")
	v.fits("hello-flash")

	// Bootstrap's script is there: the message can be closed.
	v.do(chromedp.Click(chromedp.CSS(`.alert .btn-close`)))
	v.do(chromedp.WaitNotPresent(chromedp.CSS(`.alert`)))
	v.seesNot("multiple names")

	// The page was fetched with GET: reloading it sends no form again, and the
	// message was shown once.
	v.do(chromedp.Reload())
	v.at("/index")
	v.sees("Hello, Bob <b>!")
	v.seesNot("multiple names")

	v.open("/nowhere")
	v.fits("hello-404")
	v.open("/user/" + strings.Repeat("Ada", 100))
	v.fits("hello-user")
}

// TestHelloMoment: static/moment.js finds the words of Moment.js, again
// whenever the page is looked at.
func TestHelloMoment(t *testing.T) {
	v := newVisitor(t, program(t, "../hello", nil))
	v.open("/")
	const minute, hour, day = 60, 60 * 60, 24 * 60 * 60
	for _, test := range []struct {
		seconds int // ago
		want    string
	}{
		{0, "a few seconds ago"},
		{44, "a few seconds ago"},
		{46, "a minute ago"},
		{89, "a minute ago"},
		{91, "2 minutes ago"},
		{44 * minute, "44 minutes ago"},
		{45 * minute, "an hour ago"},
		{89 * minute, "an hour ago"},
		{91 * minute, "2 hours ago"},
		{21 * hour, "21 hours ago"},
		{22 * hour, "a day ago"},
		{35 * hour, "a day ago"},
		{37 * hour, "2 days ago"},
		{25 * day, "25 days ago"},
		{26 * day, "a month ago"},
		{45 * day, "a month ago"},
		{46 * day, "2 months ago"},
		{319 * day, "10 months ago"},
		{320 * day, "a year ago"},
		{547 * day, "a year ago"},
		{548 * day, "2 years ago"},
		{-10, "in a few seconds"},
		{-2*hour - 20, "in 2 hours"},
	} {
		v.js(`(() => {
			const time = document.querySelector("time");
			const when = new Date(Date.now() - 1000 * ` + strconv.Itoa(test.seconds) + `);
			time.dateTime = when.toISOString();
			document.dispatchEvent(new Event("visibilitychange"));
			return time.title.includes(when.getFullYear());
		})()`)
		v.sees("This page was made " + test.want + ".")
	}

	// What is no time is left alone.
	v.js(`(() => {
		const time = document.querySelector("time");
		time.dateTime = "soon", time.textContent = "one day";
		document.dispatchEvent(new Event("visibilitychange"));
		return time.textContent === "one day";
	})()`)
}
