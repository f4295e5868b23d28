package main

// point is where something truly is: a place within its outline, in parts of
// the picture's width and height. Looked up by eye.
type point struct {
	label string
	x, y  float64
}

// picture is what is truly on one: of people, dogs, cats and cars everything
// that a person sees at second sight, however small. of says it in words.
type picture struct {
	name, of string
	truth    []point
}

func person(x, y float64) point { return point{"person", x, y} }
func car(x, y float64) point    { return point{"car", x, y} }

// photographs come from Debian's darknet, python3-skimage and opencv-doc.
var photographs = []picture{
	{"dog", "a dog, a bicycle, a parked car", []point{{"dog", 0.29, 0.66}, car(0.755, 0.22)}},
	{"person", "a woman, a dog, a horse", []point{person(0.355, 0.55), {"dog", 0.21, 0.72}}},
	{"horses", "five horses", nil},
	{"kite", "a beach: two people close by, six far away", []point{
		person(0.100, 0.747), person(0.180, 0.856), person(0.068, 0.598), person(0.030, 0.597),
		person(0.137, 0.620), person(0.260, 0.553), person(0.390, 0.575), person(0.405, 0.585),
	}},
	{"eagle", "an eagle", nil},
	{"giraffe", "a giraffe, a zebra", nil},
	{"astronaut", "a portrait", []point{person(0.35, 0.5)}},
	{"chelsea", "a cat's face", []point{{"cat", 0.5, 0.5}}},
	{"camera", "a man with a camera, grey", []point{person(0.3, 0.55)}},
	{"coffee", "a cup", nil},
	{"brick", "a wall", nil},
	{"basketball1", "two men, grey", []point{person(0.14, 0.5), person(0.88, 0.5)}},
	{"licenseplate_motion", "the back of a car, blurred", []point{car(0.5, 0.5)}},
	{"building", "a building, a car behind a hedge", []point{car(0.17, 0.85)}},
	{"home", "a temple", nil},
	{"squirrel_cls", "a squirrel", nil},
	{"leuvenA", "an empty street", nil},
	{"baboon", "a baboon's face", nil},
}

// street are eight pictures of opencv-doc's vtest.avi, seconds of the video: a
// yard seen from the second floor, people 60 to 130 points high in a picture of
// 768 × 576, two cars at its edge in all of them.
var street = []struct {
	second int
	people []point
}{
	{5, []point{
		person(0.502, 0.379), person(0.546, 0.387), person(0.579, 0.365),
		person(0.683, 0.454), person(0.740, 0.446), person(0.901, 0.543),
	}},
	{15, []point{
		person(0.103, 0.190), person(0.843, 0.238), person(0.868, 0.241), person(0.936, 0.246),
		person(0.525, 0.411), person(0.584, 0.409), person(0.604, 0.370), person(0.789, 0.470),
	}},
	{25, []point{
		person(0.066, 0.365), person(0.270, 0.327), person(0.520, 0.484), person(0.730, 0.394),
		person(0.802, 0.528), person(0.840, 0.265), person(0.871, 0.268),
	}},
	{35, []point{
		person(0.511, 0.357), person(0.521, 0.473), person(0.571, 0.335),
		person(0.640, 0.402), person(0.891, 0.469), person(0.925, 0.472),
	}},
	{45, []point{person(0.421, 0.432), person(0.652, 0.384), person(0.751, 0.503)}},
	{55, []point{
		person(0.179, 0.345), person(0.552, 0.335), person(0.796, 0.357),
		person(0.854, 0.622), person(0.256, 0.759), person(0.338, 0.766),
	}},
	{65, []point{
		person(0.199, 0.320), person(0.300, 0.327), person(0.433, 0.335),
		person(0.629, 0.469), person(0.852, 0.417), person(0.463, 0.766),
	}},
	{75, []point{
		person(0.259, 0.417), person(0.331, 0.449), person(0.503, 0.384), person(0.536, 0.446),
		person(0.679, 0.369), person(0.876, 0.253), person(0.854, 0.464), person(0.978, 0.137),
	}},
}

// parked are the two cars of every picture of the street.
var parked = []point{car(0.895, 0.122), car(0.980, 0.126)}
