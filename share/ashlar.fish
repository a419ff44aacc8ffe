# Completion of ashlar for fish. The program itself knows what could come next; this asks it.

function __ashlar_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l answer ($words[1] complete -- $words[2..-1] "$last" 2>/dev/null)
    # "--pin-file=FILE": what stands before the value is not part of the file's name.
    set -l front (string match -r -- '^--[^=]*=' "$last")
    set -l rest (string replace -r -- '^--[^=]*=' '' "$last")
    switch "$answer[1]"
        case files
            string replace -r -- '^' "$front" (__fish_complete_path "$rest")
        case folders
            string replace -r -- '^' "$front" (__fish_complete_directories "$rest" '')
        case variables
            string replace -r -- '^' "$front" (set -nx)
        case words
            printf '%s\n' $answer[2..-1]
    end
end

complete -c ashlar -f -a '(__ashlar_complete)'
