"""The pages, one module each, with a function `render(snapshot, open_page)`."""
