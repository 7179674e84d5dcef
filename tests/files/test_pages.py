"""Pages from templates: values are escaped, neighbours included, and nothing that is missing is left out silently."""

import pytest
from jinja2 import UndefinedError

from pipeline.files import pages


@pytest.fixture
def template(tmp_path):
    (tmp_path / "head.html").write_text("<title>fixed</title>\n")
    path = tmp_path / "page.html"
    path.write_text('{% include "head.html" %}\n\n<p>{{ name | loud }}</p>\n')
    return path


def test_values_are_escaped_and_neighbours_are_taken_in(template):
    page = pages.rendered(template, {"name": "<b> & c"}, {"loud": str.upper})
    assert page == "<title>fixed</title>\n<p>&lt;B&gt; &amp; C</p>"


def test_a_value_that_is_missing_is_an_error(tmp_path):
    (tmp_path / "page.html").write_text("{{ name }}")
    with pytest.raises(UndefinedError, match="'name' is undefined"):
        pages.rendered(tmp_path / "page.html", {})


def test_a_picture_is_in_the_page_itself():
    assert pages.picture(b"\x89PNG") == "data:image/png;base64,iVBORw=="
