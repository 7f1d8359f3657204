package middleware

// Page is an error that every dialect writes as the error page of a servlet
// container: what a filter refused, before a handler was asked.
type Page struct {
	Status int
	Msg    string
}

// Error returns the text of the page.
func (e *Page) Error() string { return e.Msg }

// Bare is an error that every dialect writes as a status and a text, with no
// Content-Type: what the check of parameters refused.
type Bare struct {
	Status int
	Msg    string
}

// Error returns the text.
func (e *Bare) Error() string { return e.Msg }
