from django.urls import path

from agents.api import a2a

urlpatterns = [
    path(".well-known/agent-card.json", a2a.agent_card, name="agent-card"),
    path("a2a/", a2a.rpc, name="a2a"),
    # Who forgets the slash is answered as well: a client that is redirected asks again without its body.
    path("a2a", a2a.rpc),
]
