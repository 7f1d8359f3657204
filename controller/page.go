package controller

import (
	"net/http"
	"strings"
)

// Site is the files of a front-end.
type Site interface {
	// Serve answers with the file of that name, "" is the page. It reports false,
	// having done nothing, where there is none.
	Serve(w http.ResponseWriter, r *http.Request, name string) bool
	// Build names the version of the files, "" where they may change at any time.
	Build() string
}

// page answers what is the page of the console or leads to it, and reports
// whether it did. Where it leads is said relative to the request: a proxy may
// have taken a prefix off.
func (a *API) page(w http.ResponseWriter, r *http.Request) bool {
	if a.o.Site == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	ctx, p := a.o.ContextPath, r.URL.Path
	rest, below := strings.CutPrefix(p, ctx)
	switch {
	case below && rest == "/":
		return a.o.Site.Serve(w, r, "")
	case below && rest == "": // "./" would be the folder above
		asked, _, _ := strings.Cut(r.RequestURI, "?")
		lead(w, asked[strings.LastIndexByte(asked, '/')+1:]+"/")
	case p == "/":
		lead(w, strings.TrimPrefix(ctx, "/")+"/")
	case below && (rest == "/next" || rest == "/legacy"): // where Nacos 3.2 has its two consoles
		lead(w, "./")
	case below && (rest == "/next/" || rest == "/legacy/"):
		lead(w, "../")
	default:
		return false
	}
	return true
}

func lead(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusFound)
}

// asset answers with a file of the front-end, if the path is one.
func (a *API) asset(w http.ResponseWriter, r *http.Request) bool {
	if a.o.Site == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	name, below := strings.CutPrefix(r.URL.Path, a.o.ContextPath+"/")
	return below && name != "" && a.o.Site.Serve(w, r, name)
}
