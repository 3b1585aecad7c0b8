package browser

import (
	"testing"

	"github.com/chromedp/chromedp"
)

func TestHello(t *testing.T) {
	v := newVisitor(t, program(t, "../hello", nil))

	v.open("/")
	v.sees("Hello, Stranger!")
	v.fits("hello")
	v.press("Apologize")
	v.sees("This field is required.")

	v.fill("flask_name", "Ann")
	v.press("Apologize")
	v.at("/index")
	v.sees("Hello, Ann!")
	v.seesNot("multiple names")

	v.fill("flask_name", "Bob <b>")
	v.press("Apologize")
	v.sees("Hello, Bob <b>!", "You have multiple names?")

	// The page was fetched with GET: reloading it sends no form again, and the
	// message was shown once.
	v.do(chromedp.Reload())
	v.at("/index")
	v.sees("Hello, Bob <b>!")
	v.seesNot("multiple names")

	v.open("/nowhere")
	v.fits("hello-404")
}
