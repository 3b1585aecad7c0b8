package hipflask

import (
	"fmt"
	"maps"
	"strings"
)

// expansion is an App's routes with those of its blueprints, each in its place.
type expansion struct {
	app       *App
	routes    []*Route
	scaffolds []*scaffold // one for each registration, in order
	templates []templateFolder
	names     map[string]*Registration
	seen      map[*Blueprint]bool // whose app-wide parts are in
	mistakes  []error
}

// expand puts together the routes of the App and of all registrations. It changes
// nothing of either.
func (a *App) expand() *expansion {
	x := &expansion{app: a, names: map[string]*Registration{}, seen: map[*Blueprint]bool{}}
	_, err := a.allCommands()
	x.mistakes = append(x.mistakes, err)
	x.add(&a.scaffold, a.routes, a.registrations, func(r *Route) { x.routes = append(x.routes, r) })
	return x
}

// add goes through the routes and registrations of one scaffold, in the order in
// which they were made.
func (x *expansion) add(own *scaffold, routes []*Route, regs []*Registration, place func(r *Route)) {
	for i := 0; i <= len(routes); i++ {
		for _, reg := range regs {
			if reg.at == i {
				x.register(own, reg)
			}
		}
		if i < len(routes) {
			place(routes[i])
		}
	}
}

// register adds one registration below a scaffold.
func (x *expansion) register(parent *scaffold, reg *Registration) {
	if reg.name == "" || strings.Contains(reg.name, ".") {
		x.mistakes = append(x.mistakes, fmt.Errorf("hipflask: the blueprint registered as %q (%s): a name must not be empty and has no dot", reg.name, reg.where))
	}
	rec := reg.bp.recorded
	own := reg.bp.scaffold
	own.app, own.recorded, own.parent = x.app, nil, parent
	own.name = joinName(parent.name, reg.name)
	own.prefix = joinPrefix(parent.prefix, reg.prefix)
	own.hosts = reg.hosts.below(parent.hosts)
	var host *hostPattern
	if own.hosts != nil {
		var err error
		if host, err = own.hosts.parse(x.app.converters); err == nil {
			own.host, err = host.compile(x.app.Config.ServerName)
		}
		if err != nil {
			x.mistakes = append(x.mistakes, fmt.Errorf("hipflask: the host %q of the blueprint %q (%s): %w", own.hosts.pattern, own.name, reg.where, err))
			host = nil
		}
	}
	if other := x.names[own.name]; other != nil {
		x.mistakes = append(x.mistakes, fmt.Errorf("hipflask: two blueprints are registered as %q, at %s and %s; give one of the registrations a Name of its own",
			own.name, other.where, reg.where))
	}
	x.names[own.name] = reg
	x.scaffolds = append(x.scaffolds, &own)
	for _, fsys := range rec.templates {
		x.templates = append(x.templates, templateFolder{own.name, fsys})
	}
	x.add(&own, rec.routes, rec.children, func(r *Route) { x.place(&own, reg, host, r) })
}

// place adds a blueprint's route as it is under one registration.
func (x *expansion) place(own *scaffold, reg *Registration, host *hostPattern, recorded *Route) {
	r := *recorded
	r.owner = own
	if strings.Contains(r.endpoint, ".") {
		x.mistakes = append(x.mistakes, fmt.Errorf("hipflask: the endpoint %q of %s must not have a dot: it is in the blueprint %q", r.endpoint, recorded, own.name))
	}
	if r.endpoint != "" {
		r.endpoint = own.name + "." + r.endpoint
	}
	if len(reg.defaults) > 0 {
		r.defaults = maps.Clone(reg.defaults)
		maps.Copy(r.defaults, recorded.defaults)
	}
	err := r.parse(joinPrefix(own.prefix, r.text), x.app)
	if err == nil && r.host == nil && host != nil {
		if err = r.takeHost(host); err != nil {
			err = fmt.Errorf("hipflask: the host of %s: %w", &r, err)
		}
	}
	if err != nil {
		x.mistakes = append(x.mistakes, fmt.Errorf("%w (in the blueprint %q, at %s)", err, own.name, r.where))
		return
	}
	x.routes = append(x.routes, &r)
}

func joinName(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

// joinPrefix joins a prefix and a rule, or two prefixes, by exactly one slash.
// What is empty adds nothing.
func joinPrefix(prefix, rule string) string {
	switch {
	case prefix == "":
		return rule
	case rule == "":
		return prefix
	}
	return strings.TrimRight(prefix, "/") + "/" + strings.TrimLeft(rule, "/")
}

// adoptWide gives the App what blueprints recorded for it, once for each
// blueprint, however often it is registered.
func (a *App) adoptWide(x *expansion) {
	var adopt func(regs []*Registration)
	adopt = func(regs []*Registration) {
		for _, reg := range regs {
			if x.seen[reg.bp] {
				continue
			}
			x.seen[reg.bp] = true
			wide := &reg.bp.recorded.wide
			a.hooks.add(&wide.hooks)
			a.byType = append(a.byType, wide.byType...)
			a.urlDefaults = append(a.urlDefaults, wide.urlDefaults...)
			for code, h := range wide.byCode {
				if a.byCode == nil {
					a.byCode = map[int]ErrorHandlerFunc{}
				}
				a.byCode[code] = h
			}
			for name, fn := range reg.bp.recorded.funcs {
				if a.templateFuncs == nil {
					a.templateFuncs = map[string]any{}
				}
				if _, own := a.templateFuncs[name]; !own {
					a.templateFuncs[name] = fn
				}
			}
			adopt(reg.bp.recorded.children)
		}
	}
	adopt(a.registrations)
}

// gather sets all, once the scaffold around has its own.
func (s *scaffold) gather() {
	if s.parent != nil {
		s.all.add(&s.parent.all)
	}
	s.all.add(&s.hooks)
}
