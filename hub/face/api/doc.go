// Package api is the hub's only HTTP surface: the REST paths of version 1, the
// event stream, the documents that describe them, and the servers that carry
// them. The page of the owner (package web) and whatever else speaks HTTP is
// mounted here and nowhere else.
//
// What it promises:
//
//   - Every route stands in one table (routes.go) with the right that it needs.
//     A route without a right is answered to nobody. The right is checked before
//     anything of the request but its head is looked at.
//   - Only the panel changes the picture: a request to arm is answered with the
//     panel's own state after the panel has saved it, never with what was asked.
//   - Every refusal is a problem document (RFC 9457) with a stable code, a
//     sentence that names the thing that is wrong, and the mend. Nothing that was
//     typed is echoed: it may be a code or a password.
//   - Nobody can slow the house down. Streams are fed from one goroutine that
//     renders each piece of news once; a browser that does not read is dropped
//     and comes back with its Last-Event-ID. Bodies, heads, streams and kept
//     answers are bounded.
//   - An unsafe request with an Idempotency-Key is done once; a repeat within a
//     day gets the first answer.
//   - A browser can only speak for its owner from the hub's own pages: cookies
//     are SameSite=Strict, unsafe verbs from another origin are refused, and so
//     is a Host header that is not a name of the hub (DNS rebinding). There are
//     no CORS headers.
//
// The OpenAPI 3.1 document at /api/openapi.json is made from the same table and
// the Go types; openapi.json beside this file is its committed copy, rewritten
// by go generate and held against the code by a test.
package api

//go:generate go test -run ^TestOpenAPIDocument$ . -update
