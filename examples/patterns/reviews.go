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
	"sync"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
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

// reviewForm is the form of a review. Stars is a pointer, so that it begins empty
// and not as 0.
type reviewForm struct {
	Tea     string                `filter:"trim" validate:"required"`
	Stars   *int                  `validate:"required,min=1,max=5" message:"Give 1 to 5 stars."`
	Text    string                `label:"What you think of it" widget:"textarea" filter:"trim" validate:"required,max=1000"`
	Picture *multipart.FileHeader `label:"A picture, if you like" accept:"image/jpeg,image/png,image/gif" message:"Send a JPEG, PNG or GIF."`
	Send    forms.Submit

	decoded image.Image // the Picture; not exported, so it is no field
}

// ValidateTea is a check of the field Tea. An error of forms.Invalid is told to the
// visitor; any other one makes the reply an error page.
func (f *reviewForm) ValidateTea(*hipflask.Context, *forms.Field) error {
	known, err := isTea(f.Tea)
	if err == nil && !known {
		return forms.Invalid("Choose one of the teas.")
	}
	return err
}

// ValidatePicture reads the picture, which is the only way to know that it is one.
func (f *reviewForm) ValidatePicture(*hipflask.Context, *forms.Field) (err error) {
	if f.Picture == nil {
		return nil
	}
	f.decoded, err = decodePicture(f.Picture)
	if errors.Is(err, image.ErrFormat) {
		return forms.Invalid("Send a JPEG, PNG or GIF of at most 4000 by 4000 pixels.")
	}
	return err
}

func (r *reviews) addReview(c *hipflask.Context) error {
	in := reviewForm{Tea: c.Query("tea")}
	form := forms.New(c, &in)
	if !form.ValidateOnSubmit() {
		return showForm(c, "review.html", form)
	}
	name, err := savePicture(c, in.decoded)
	if err != nil {
		return err
	}
	r.insert(review{Tea: in.Tea, Stars: *in.Stars, Text: in.Text, Picture: name})
	c.FlashAs("success", "Thank you for your review.")
	return c.RedirectTo("listReviews")
}

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

// savePicture keeps a picture under a name of its own, and returns the name: ""
// for no picture.
func savePicture(c *hipflask.Context, picture image.Image) (name string, err error) {
	if picture == nil {
		return "", nil
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

// decodePicture returns image.ErrFormat for what is no picture. It looks at the
// size before it makes room for it: a small file may
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
