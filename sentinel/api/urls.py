from django.urls import path

from sentinel.api.access import AccessView

urlpatterns = [path("access", AccessView.as_view(), name="access")]
