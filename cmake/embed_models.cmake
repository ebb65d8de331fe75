# Writes models/*.yaml as rows of C: {"alexnet", "the file ...", {"English", "Chinese"}},
# cmake -DOUTPUT=builtin_models.inc -DDIRECTORY=models -P embed_models.cmake
#
# The first two lines of a file are its help: "# English" and "# Chinese".  alexnet comes first, the others by name.
# Text is only ever searched and replaced whole: as a CMake list it would lose ';' and split at '['.

set(TEXT "/* Made by cmake/embed_models.cmake from models/; edit those. */\n")
# GLOB would find nothing RELATIVE to a folder that is itself relative, without a word.
get_filename_component(DIRECTORY "${DIRECTORY}" ABSOLUTE)
file(GLOB FILES RELATIVE "${DIRECTORY}" "${DIRECTORY}/*.yaml")
list(SORT FILES)
list(REMOVE_ITEM FILES alexnet.yaml)
list(INSERT FILES 0 alexnet.yaml)

foreach(FILE IN LISTS FILES)
  string(REGEX REPLACE "\\.yaml$" "" NAME "${FILE}")
  file(READ "${DIRECTORY}/${FILE}" YAML)
  string(REPLACE "\\" "\\\\" YAML "${YAML}")
  string(REPLACE "\"" "\\\"" YAML "${YAML}")
  if(NOT YAML MATCHES "^# ([^\n]+)\n# ([^\n]+)\n")
    message(FATAL_ERROR "${FILE}: the first two lines must be its help: '# English', then '# Chinese'")
  endif()
  set(HELP "{\"${CMAKE_MATCH_1}\", \"${CMAKE_MATCH_2}\"}")
  # One literal a line; the last line break leaves an empty literal behind.
  string(REPLACE "\n" "\\n\"\n \"" YAML "${YAML}")
  string(APPEND TEXT "{\"${NAME}\",\n \"${YAML}\",\n ${HELP}},\n")
endforeach()

file(WRITE "${OUTPUT}" "${TEXT}")
