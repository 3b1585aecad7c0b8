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

func (b *blog) create(c *hipflask.Context) error {
	var written post
	if c.Request.Method == "POST" {
		var err error
		if written.Title, written.Body, err = titleAndBody(c); err != nil {
			return err
		}
		if written.Title != "" {
			return b.insert(c, written)
		}
		c.Flash("Title is required.")
	}
	return c.Render("blog/create.html", hipflask.Data{"post": written})
}

func (b *blog) insert(c *hipflask.Context, p post) error {
	author, _ := currentUser.Get(c)
	_, err := b.db.ExecContext(c.Request.Context(), "INSERT INTO post (title, body, author_id) VALUES (?, ?, ?)",
		p.Title, p.Body, author.ID)
	if err != nil {
		return err
	}
	return c.RedirectTo("blog.index")
}

func (b *blog) update(c *hipflask.Context) error {
	p, err := b.ownPost(c)
	if err != nil {
		return err
	}
	if c.Request.Method == "POST" {
		title, body, err := titleAndBody(c)
		if err != nil {
			return err
		}
		if title != "" {
			return b.save(c, p.ID, title, body)
		}
		c.Flash("Title is required.")
		p.Body = cmp.Or(body, p.Body)
	}
	return c.Render("blog/update.html", hipflask.Data{"post": p})
}

func (b *blog) save(c *hipflask.Context, id int, title, body string) error {
	_, err := b.db.ExecContext(c.Request.Context(), "UPDATE post SET title = ?, body = ? WHERE id = ?", title, body, id)
	if err != nil {
		return err
	}
	return c.RedirectTo("blog.index")
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

// titleAndBody reads the form of both pages. Its error is a 400.
func titleAndBody(c *hipflask.Context) (title, body string, err error) {
	title, err = c.RequireForm("title")
	if err != nil {
		return "", "", err
	}
	body, err = c.RequireForm("body")
	return title, body, err
}
