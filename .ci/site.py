"""The project's own pages as pages of the site, and links between both (hooks of MkDocs)."""

import pathlib
import re

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).parents[1]
PAGES = {
    "README.md": "index.md",
    "SECURITY.md": "security.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}


def on_files(files, config):
    """Adds the pages that lie beside the folder of documents."""
    for name, target in PAGES.items():
        content = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, target, content=content))
    return files


def on_page_markdown(markdown, page, config, files):
    """Turns paths in the repository into paths in the site."""
    del page, config, files
    markdown = re.sub(r"\]\((?:\.\./)?docs/", "](", markdown)
    for name, target in PAGES.items():
        markdown = re.sub(rf"\]\((?:\.\./)?{re.escape(name)}", f"]({target}", markdown)
    return markdown
