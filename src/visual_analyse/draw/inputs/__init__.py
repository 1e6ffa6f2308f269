"""How each kind of input is looked at: pictures, joints on a body, points in three views."""
