// Flaskr as it is after the second step of the tutorial.
package main

import "log"

func main() {
	app, err := newApp(nil)
	if err != nil {
		log.Fatal(err)
	}
	app.Main()
}
