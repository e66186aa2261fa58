"""What only a whole corpus tells of its articles.

identities      repeats, versions, and two with one id
boilerplate     what repeats over a site's articles
suspects        templates, consent pages, paywalls
"""
