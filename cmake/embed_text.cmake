# Writes a text file as a C literal: cmake -DOUTPUT=starter_recipe.inc -DINPUT=recipes/starter.yaml -P embed_text.cmake

file(READ "${INPUT}" TEXT)
string(REPLACE "\\" "\\\\" TEXT "${TEXT}")
string(REPLACE "\"" "\\\"" TEXT "${TEXT}")
# One literal a line; the last line break leaves an empty literal behind.
string(REPLACE "\n" "\\n\"\n\"" TEXT "${TEXT}")
file(WRITE "${OUTPUT}" "\"${TEXT}\"\n")
