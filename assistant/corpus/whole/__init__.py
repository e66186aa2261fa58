"""What only the whole corpus can tell about its articles.

identities      repeats, versions, and id collisions
boilerplate     text repeated across a site's articles
suspects        templates, consent pages, paywalls
"""
