// Package forms makes a form of a struct: it is Flask-WTF and WTForms for hipflask.
//
//	type comment struct {
//		Name  string `label:"Your name" validate:"required,max=20"`
//		Email string `widget:"email" validate:"required,email"`
//		Text  string `widget:"textarea" filter:"trim" validate:"required"`
//		Send  forms.Submit
//	}
//
//	func create(c *hipflask.Context) error {
//		var in comment // what stands in it are the initial values
//		form := forms.New(c, &in)
//		if form.ValidateOnSubmit() {
//			save(in)
//			return c.RedirectTo("index")
//		}
//		return c.Render("comment.html", hipflask.Data{"form": form})
//	}
//
// A page shows the whole form, or field by field:
//
//	{{.form.QuickForm}}
//
//	<form method="post">
//	  {{.form.HiddenTag}}
//	  {{(.form.Field "name").Row}}
//	  {{(.form.Field "email").Label}} {{(.form.Field "email").Input "class" "wide"}}
//	  {{range (.form.Field "email").Errors}}<b>{{.}}</b>{{end}}
//	  …
//	</form>
//
// # Fields
//
// Every exported field of the struct is a field of the form, unless it is tagged
// form:"-". The visitor can set all of them, so the struct is one for the form, and
// not the row of a database. The type decides what a field is:
//
//	string                     text, or what the tag widget says
//	int, uint8, float64 …      a number
//	bool                       a checkbox
//	time.Time                  a date and time; by widget date, time, month, week
//	a type with UnmarshalText  text; big.Int, big.Rat and types called Decimal are numbers
//	*T of these                the same, and nil for nothing
//	[]T of these with choices  several of the choices
//	[]T of these without       a list of inputs: tags-0, tags-1
//	struct                     a group of fields: address-street
//	[]struct                   a list of groups: items-0-name
//	*multipart.FileHeader, []  a file, files
//	Submit                     a submit button
//
// A number that is not a pointer begins as 0, and an empty input is no number; take
// a pointer for one that may be missing. The lines of a textarea end in \n, as its
// maxlength counts them.
//
// The tags say the rest:
//
//	form         the name; PostCode is post_code without
//	label        the label; post_code is Post Code without
//	widget       text password email url tel search color textarea hidden
//	             number range decimal, date time datetime-local datetime month week,
//	             checkbox, select radio, multiselect checkboxes
//	validate     the rules, see below
//	help         a text below the input
//	placeholder, autocomplete, step   attributes of the input
//	pattern      an attribute that is also checked
//	attrs        more attributes: attrs:"rows=4,data-kind=note"
//	choices      r=Red,g=Green or Warm:r=Red,o=Orange;Cold:b=Blue; see [Field.SetChoices]
//	             (values with a colon: :12:00=Noon,13:00=One; else a heading)
//	choice       any, to accept what is no choice
//	filter       trim squeeze lower upper, before anything is checked
//	layout       of the widget datetime, as package time has it; several with |
//	accept       image/png,.jpg of a file, by its name and its first bytes
//	maxsize, minsize         of a file: 300, 20KB, 5MB
//	minentries, maxentries   of a list; at most 100 without
//	message, message_RULE    in the place of the messages of all rules, or of one
//
// RULE is a rule of the tag validate, or one of bounds, for min, max and the like
// together, pattern, accept, size, choice, and type for what is no value.
//
// What does not go together panics in [New], and says what is wrong. So does a tag that
// is a letter or two from one of these, such as lable, a rule that is not there, and a
// message without its rule. Tags that are far from these are other packages'.
//
// # Rules
//
// The tag validate has the rules of github.com/go-playground/validator, a comma
// between them. They are run one by one, so that each can say something, in WTForms'
// words and order, rather than as validator would:
//
//   - required is WTForms' DataRequired: no blanks, no zero, no unchecked box. Of a
//     pointer, zero is a value, and so is false if it was chosen.
//     input_required is InputRequired: anything that was sent.
//   - optional, or omitempty, is Optional: nothing else is checked if nothing was sent.
//     A pointer is optional unless it is required.
//   - min, max, len, gt and lt are Length for text and NumberRange for numbers. Two
//     that say the same, such as min=1,gt=5, are a mistake.
//   - eqfield=Password is EqualTo; the others that compare with a field are there too.
//     Both fields are of one type. Greater and less are not asked of a pointer to
//     nothing. A confirmation that is an optional pointer is not checked when it is
//     blank, so have it required, or no pointer.
//   - oneof=a b and noneof=a b are AnyOf and NoneOf, and email, url, ip, mac and uuid
//     what they say. [AddRule] adds rules.
//   - What is no value of the type has this message alone: "Not a valid integer value."
//
// A struct adds checks of its own, with the request at hand:
//
//	func (s *signup) ValidateName(c *hipflask.Context, f *forms.Field) error {
//		taken, err := users.Exists(c.Request.Context(), s.Name)
//		if err != nil {
//			return err // the request fails with it
//		}
//		if taken {
//			return forms.Invalid("That name is taken.") // the visitor is told
//		}
//		return nil
//	}
//
//	func (s *signup) Validate(c *hipflask.Context, form *forms.Form) error { … }
//
//	func (a *address) Validate(c *hipflask.Context, f *forms.Field) error { … }
//
// ValidateName is called for the field Name if nothing is wrong with it so far, and
// Validate if nothing is wrong with any. The last one is that of a struct within the
// form: it is called for each after its fields, if nothing is wrong with these, and
// its messages are that struct's. Of such a struct, a Validate that takes nothing of
// a request, as other packages have, is not called. An error of [Invalid] is a message. Any other
// one is a failure: the form is not valid, and the reply is that error's, whatever the
// handler then prepares, unless it asks [Form.Err] and answers itself. FilterName
// is a filter of the struct's own: func (s *signup) FilterName(text string) string.
//
// # Why there is no decoder of a library here
//
// Forms are read by this package itself. A decoder such as go-playground/form fills a
// struct and reports one error for each field it cannot fill. A form must also keep what
// was typed, to show it again; know which fields were not sent and which were empty;
// read items-0-name, the names of WTForms; run filters first; take an unchecked box as
// false and an unknown choice as a mistake; and stay small for items-999999999-name.
//
// # Tokens
//
// The App refuses forms that other sites send by itself, by what browsers say of where
// a request comes from. [NewCSRF], or [Config].CSRF, asks for a token as well, as
// Flask-WTF does.
package forms
