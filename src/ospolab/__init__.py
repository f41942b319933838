"""The course: what notebooks and exercises import, and the tools that build and serve them."""

from ospolab import browser

browser.start()
