print("rwv")
