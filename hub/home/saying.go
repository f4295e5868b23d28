package home

// Saying is a sentence without its words, for faces that speak other languages: a
// code for what it says, and what goes into it by name.
type Saying struct {
	Code string            `json:"code" doc:"what is said" example:"if-unknown-name"`
	Args map[string]string `json:"args" doc:"what goes into the sentence, by name"`
}
