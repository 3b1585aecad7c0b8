// Flaskr is the blog of Flask's tutorial: visitors register, log in, and write,
// edit and delete posts of their own, kept in SQLite.
//
//	go run . init-db    creates the tables, and deletes what they hold
//	go run .            serves on http://127.0.0.1:5000
//	go run . routes     lists the routes
//	go test .           runs the tests
//
// It is configured by instance/config.json and by variables such as
// FLASKR_SECRET_KEY and FLASKR_DATABASE.
package main

import "log"

func main() {
	app, db, err := newApp(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close() // a command that fails exits the program, and so closes the file
	app.Main()
}
