// Package flaskcompat is for an application that moves from Flask piece by
// piece.
package flaskcompat
