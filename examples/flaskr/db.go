package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/hipflask/hipflask"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed schema.sql
var schema string

// openDB returns the handle of the database that DATABASE names. It is one for
// the whole app and for all requests at once; the file is opened, and made, when
// it is first used.
func openDB(database any) (*sql.DB, error) {
	path, ok := database.(string)
	if !ok || path == "" {
		return nil, fmt.Errorf("flaskr: DATABASE is %#v; it must be the path of a file, such as instance/flaskr.sqlite", database)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("flaskr: the folder of DATABASE: %w", err)
	}
	db, err := sql.Open("sqlite", dataSource(path))
	if err != nil {
		return nil, fmt.Errorf("flaskr: DATABASE: %w", err)
	}
	// SQLite has one writer at a time and no queue for the next: each tries again
	// until its luck or its busy_timeout ends. Who waits for a connection here is
	// served in turn, so a few of them keep the slowest reply quick.
	db.SetMaxOpenConns(4)
	return db, nil
}

// dataSource tells SQLite how to open a file, on every connection.
func dataSource(path string) string {
	options := url.Values{
		"_pragma": {
			"busy_timeout(10000)", // wait for another writer, in milliseconds
			"journal_mode(WAL)",   // who reads does not wait for who writes
			"foreign_keys(ON)",    // a post has an author
		},
		"_txlock":   {"immediate"}, // a transaction gets to write at its begin, or waits there
		"_error_rc": {"1"},         // an error says what is wrong with this call
	}
	file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), RawQuery: options.Encode()}
	return file.String()
}

// initDB clears existing data and creates new tables.
func initDB(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return err
	}
	return tx.Commit()
}

func initDBCommand(db *sql.DB) func(ctx context.Context, args []string) error {
	return func(ctx context.Context, args []string) error {
		if err := initDB(ctx, db); err != nil {
			return err
		}
		fmt.Fprintln(hipflask.Output(ctx), "Initialized the database.")
		return nil
	}
}

// explainDBError answers what SQLite fails with. Its errors are for the log, but
// for the one that everybody meets who starts with serving.
func explainDBError(c *hipflask.Context, err *sqlite.Error) error {
	if !strings.Contains(err.Error(), "no such table") {
		return err
	}
	c.App().Logger().Error("the database has no tables yet; flaskr init-db creates them", "database", c.App().Config.Get("DATABASE"))
	return c.Text("The database has no tables yet. Create them with the command: flaskr init-db\n")
}

// isTaken reports whether err is the refusal of a second row under a UNIQUE name.
func isTaken(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}
