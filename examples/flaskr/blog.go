package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/hipflask/hipflask"
)

// post is a post with its author's name.
type post struct {
	ID       int
	Title    string
	Body     string
	Created  time.Time
	AuthorID int
	Username string
}

// selectPost reads what post.fields takes.
const selectPost = `SELECT p.id, title, body, created, author_id, username
	FROM post p JOIN user u ON p.author_id = u.id `

// fields are where a row of selectPost goes.
func (p *post) fields() []any {
	return []any{&p.ID, &p.Title, &p.Body, &p.Created, &p.AuthorID, &p.Username}
}

// blog has the list of posts and the pages for writing them.
type blog struct {
	db *sql.DB
}

func blogBlueprint(db *sql.DB) *hipflask.Blueprint {
	b := &blog{db}
	bp := hipflask.NewBlueprint("blog", "")
	bp.Get("/", b.index)
	bp.Route("/create", b.create, "GET", "POST").Wrap(loginRequired)
	bp.Route("/<int:id>/update", b.update, "GET", "POST").Wrap(loginRequired)
	bp.Post("/<int:id>/delete", b.delete).Wrap(loginRequired)
	return bp
}

func (b *blog) index(c *hipflask.Context) error {
	posts, err := b.allPosts(c.Request.Context())
	if err != nil {
		return err
	}
	return c.Render("blog/index.html", hipflask.Data{"posts": posts})
}

// allPosts returns the posts, the newest first. Times have whole seconds, so the
// id settles which of two is newer.
func (b *blog) allPosts(ctx context.Context) ([]post, error) {
	rows, err := b.db.QueryContext(ctx, selectPost+"ORDER BY created DESC, p.id DESC")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var posts []post
	for rows.Next() {
		var p post
		if err := rows.Scan(p.fields()...); err != nil {
			return nil, err
		}
		posts = append(posts, p)
	}
	return posts, rows.Err()
}

// draft is the form of the pages for writing and editing.
type draft struct {
	Title string `validate:"input_required" message:"Title is required."`
	Body  string `widget:"textarea"`
}

func (b *blog) create(c *hipflask.Context) error {
	var in draft
	form, err := newForm(c, &in)
	if err != nil {
		return err
	}
	if form.ValidateOnSubmit() {
		author, _ := currentUser.Get(c)
		_, err := b.db.ExecContext(c.Request.Context(), "INSERT INTO post (title, body, author_id) VALUES (?, ?, ?)",
			in.Title, in.Body, author.ID)
		if err != nil {
			return err
		}
		return c.RedirectTo("blog.index")
	}
	flashProblem(c, form)
	return c.Render("blog/create.html", hipflask.Data{"form": form})
}

func (b *blog) update(c *hipflask.Context) error {
	p, err := b.ownPost(c)
	if err != nil {
		return err
	}
	in := draft{p.Title, p.Body}
	form, err := newForm(c, &in)
	if err != nil {
		return err
	}
	if form.ValidateOnSubmit() {
		_, err := b.db.ExecContext(c.Request.Context(), "UPDATE post SET title = ?, body = ? WHERE id = ?", in.Title, in.Body, p.ID)
		if err != nil {
			return err
		}
		return c.RedirectTo("blog.index")
	}
	flashProblem(c, form)
	in = draft{cmp.Or(in.Title, p.Title), cmp.Or(in.Body, p.Body)} // what was left empty comes back
	return c.Render("blog/update.html", hipflask.Data{"form": form, "post": p})
}

func (b *blog) delete(c *hipflask.Context) error {
	p, err := b.ownPost(c)
	if err != nil {
		return err
	}
	if _, err := b.db.ExecContext(c.Request.Context(), "DELETE FROM post WHERE id = ?", p.ID); err != nil {
		return err
	}
	return c.RedirectTo("blog.index")
}

// ownPost returns the post that the rule names. Its error is a 404 if there is
// none, and a 403 if somebody else wrote it.
func (b *blog) ownPost(c *hipflask.Context) (p post, err error) {
	id := c.ParamInt("id")
	err = b.db.QueryRowContext(c.Request.Context(), selectPost+"WHERE p.id = ?", id).Scan(p.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return p, hipflask.Error(404, fmt.Sprintf("Post id %d doesn't exist.", id))
	}
	if err != nil {
		return p, err
	}
	if u, _ := currentUser.Get(c); u == nil || u.ID != p.AuthorID {
		return p, hipflask.Abort(403)
	}
	return p, nil
}
