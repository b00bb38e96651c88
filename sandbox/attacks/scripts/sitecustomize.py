# Python executes this before anything else if it lies where Python looks.
print("got through")
