// Webhook receives signed webhooks, answers at once and does the work afterwards.
//
//	export WEBHOOK_SECRETS=$(openssl rand -hex 32)
//	go run ./examples/webhook
//	go run ./examples/webhook send http://127.0.0.1:5000/webhooks order.paid "7 teas"
//
// The first serves, and lists the last deliveries at http://127.0.0.1:5000; the
// second signs one and sends it. Both take the secret from WEBHOOK_SECRETS, a list
// with commas: the first one signs, and any of them is accepted, so that a secret
// can be changed without a gap. Without a secret the program does not start.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hipflask/hipflask"
)

//go:embed templates static
var files embed.FS

const maxBody = 64 << 10

func main() {
	secrets := secretsOf(os.Getenv("WEBHOOK_SECRETS"))
	if len(secrets) == 0 { // one of ours would be known to everybody
		fmt.Fprintln(os.Stderr, "webhook: WEBHOOK_SECRETS has no secret; openssl rand -hex 32 prints a good one")
		os.Exit(1)
	}
	app, r := newApp(secrets)
	app.Main()
	r.close() // the server has ended, so nothing is added any more
}

// newApp needs a secret at least.
func newApp(secrets []string) (*hipflask.App, *receiver) {
	app := hipflask.New("webhook")
	app.Config.Root = files
	r := newReceiver(secrets, func(e event) error {
		app.Logger().Info("webhook", "id", e.ID, "type", e.Type)
		return nil
	})
	app.Get("/", r.index)
	app.Post("/webhooks", r.receive).Name("receive").MaxContentLength(maxBody)
	app.Command("send", "Sign a webhook and send it: send URL [TYPE [TEXT]].",
		func(ctx context.Context, args []string) error { return send(ctx, secrets[0], args) })
	return app, r
}

// secretsOf reads a list with commas.
func secretsOf(list string) (secrets []string) {
	for secret := range strings.SplitSeq(list, ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

func (r *receiver) index(c *hipflask.Context) error {
	return c.Render("index.html", hipflask.Data{"deliveries": r.list()})
}

// receive checks a webhook, and leaves the work for later: a sender waits for
// seconds only, and sends again what was not answered.
func (r *receiver) receive(c *hipflask.Context) error {
	body, err := io.ReadAll(c.Request.Body) // as it came: the signature is of these bytes
	if err != nil {
		return err // 413 for one over the limit
	}
	if err := verify(r.secrets, c.Request.Header.Get(signatureHeader), body, r.now()); err != nil {
		return hipflask.Error(401, "The signature is missing, wrong or too old.").Wrap(err)
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" || len(e.ID) > 100 {
		return hipflask.Error(400, "The body is no JSON object with an id of 1 to 100 bytes.").Wrap(err)
	}
	if err := r.add(e); err != nil {
		return hipflask.Error(503, "Too many webhooks at once. Send it again later.").Wrap(err).WithHeader("Retry-After", "60")
	}
	return c.NoContent()
}

// send is the other side.
func send(ctx context.Context, secret string, args []string) error {
	if len(args) < 1 || len(args) > 3 {
		return errors.New("where to? Give a URL, and perhaps a type and a text")
	}
	e := event{ID: rand.Text(), Type: "test", Text: "Hello!"}
	if len(args) > 1 {
		e.Type = args[1]
	}
	if len(args) > 2 {
		e.Text = args[2]
	}
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "POST", args[0], bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(signatureHeader, sign([]string{secret}, body, time.Now()))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the receiver answers %s", resp.Status)
	}
	fmt.Fprintln(hipflask.Output(ctx), "The receiver answers", resp.Status)
	return nil
}
