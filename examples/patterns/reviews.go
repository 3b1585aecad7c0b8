package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // what image.Decode reads
	"image/jpeg"
	_ "image/png"
	"io/fs"
	"mime/multipart"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/hipflask/hipflask"
)

// review is what a visitor wrote about a tea.
type review struct {
	Tea     string
	Stars   int
	Text    string
	Picture string // the name of a file in the folder of pictures, or ""
}

// reviews is a table of them, the oldest first.
type reviews struct {
	mu  sync.Mutex
	all []review
}

// reviewForm is what was sent, as it was sent, for a page that shows it again;
// and what is wrong with it, by the name of a field.
type reviewForm struct {
	Tea, Stars, Text string
	Problems         map[string]string
}

func newReview(c *hipflask.Context) error {
	return c.Render("review.html", hipflask.Data{"form": reviewForm{Tea: c.Query("tea")}})
}

func (r *reviews) addReview(c *hipflask.Context) error {
	form := reviewForm{Tea: c.Form("tea"), Stars: c.Form("stars"), Text: strings.TrimSpace(c.Form("text"))}
	checked, err := form.check()
	if err != nil {
		return err
	}
	if len(form.Problems) == 0 { // a picture is kept when the rest is right
		name, err := savePicture(c, "picture")
		if errors.Is(err, image.ErrFormat) {
			form.Problems["picture"] = "Send a JPEG, PNG or GIF of at most 4000 by 4000 pixels."
		} else if err != nil {
			return err
		}
		checked.Picture = name
	}
	if len(form.Problems) > 0 {
		return c.Status(422).Render("review.html", hipflask.Data{"form": form})
	}
	r.insert(checked)
	c.FlashAs("success", "Thank you for your review.")
	return c.RedirectTo("listReviews")
}

// check returns the review that the form means, and fills in the form's Problems.
func (f *reviewForm) check() (review, error) {
	known, err := isTea(f.Tea)
	if err != nil {
		return review{}, err
	}
	f.Problems = map[string]string{}
	stars, err := strconv.Atoi(f.Stars)
	if err != nil || stars < 1 || stars > 5 {
		f.Problems["stars"] = "Give 1 to 5 stars."
	}
	if !known {
		f.Problems["tea"] = "Choose one of the teas."
	}
	if n := utf8.RuneCountInString(f.Text); n < 1 || n > maxReview {
		f.Problems["text"] = fmt.Sprintf("Write 1 to %d characters; these are %d.", maxReview, n)
	}
	return review{Tea: f.Tea, Stars: stars, Text: f.Text}, nil
}

const maxReview = 1000

func isTea(name string) (bool, error) {
	all, err := teas()
	return slices.ContainsFunc(all, func(t tea) bool { return t.Name == name }), err
}

func (r *reviews) insert(new review) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, new)
}

// newest returns a page of the reviews of a tea, or of all, and how many there
// are. In SQL it is ORDER BY id DESC LIMIT ? OFFSET ?, and a count(*).
func (r *reviews) newest(tea string, limit, offset int) (page []review, count int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, each := range slices.Backward(r.all) {
		if tea != "" && each.Tea != tea {
			continue
		}
		if count >= offset && len(page) < limit {
			page = append(page, each)
		}
		count++
	}
	return page, count
}

func (r *reviews) listReviews(c *hipflask.Context) error {
	number, size := c.QueryInt("page", 1), pageSize(c.App())
	if number < 1 || number > maxPage {
		return hipflask.Abort(404)
	}
	found, count := r.newest(c.Query("tea"), size, (number-1)*size)
	if len(found) == 0 && number > 1 {
		return hipflask.Abort(404) // behind the last page
	}
	page := hipflask.Data{"reviews": found, "page": number, "last": (count + size - 1) / size}
	if tea := c.Query("tea"); tea != "" {
		page["tea"] = tea // without it url_for leaves the name out
	}
	return c.Render("reviews.html", page)
}

// maxPage keeps the offset an int, whatever is asked for.
const maxPage = 1_000_000

// savePicture keeps the picture in a field of the form under a name of its own,
// and returns the name: "" if the visitor chose none. What is no picture is
// image.ErrFormat.
func savePicture(c *hipflask.Context, field string) (name string, err error) {
	files := c.Files(field)
	if len(files) == 0 {
		return "", nil
	}
	picture, err := decodePicture(files[0])
	if err != nil {
		return "", err
	}
	var made bytes.Buffer // anew, so nothing is in the file but the picture
	if err := jpeg.Encode(&made, picture, nil); err != nil {
		return "", err
	}
	folder := pictureFolder(c.App())
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	name = rand.Text() + ".jpg"
	return name, os.WriteFile(filepath.Join(folder, name), made.Bytes(), 0o600)
}

// decodePicture looks at the size before it makes room for it: a small file may
// say that it is a very large picture.
func decodePicture(file *multipart.FileHeader) (image.Image, error) {
	opened, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	config, _, err := image.DecodeConfig(opened)
	if err != nil || config.Width > 4000 || config.Height > 4000 {
		return nil, image.ErrFormat
	}
	if _, err := opened.Seek(0, 0); err != nil {
		return nil, err
	}
	picture, _, err := image.Decode(opened)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", image.ErrFormat, err)
	}
	return picture, nil
}

// showPicture sends a picture to be shown in a page. All of the folder was made
// by savePicture, so nothing there can run as a page of this site.
func showPicture(c *hipflask.Context) error {
	root, err := os.OpenRoot(pictureFolder(c.App()))
	if errors.Is(err, fs.ErrNotExist) {
		return hipflask.Abort(404)
	}
	if err != nil {
		return err
	}
	defer root.Close()
	return c.SendFile(root.FS(), c.Param("name"))
}
