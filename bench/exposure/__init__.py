"""The exposure policy beside the fixed ladder, on releases that it was not trained on."""
