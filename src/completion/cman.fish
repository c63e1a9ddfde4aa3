# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of cman(8) for fish. cman itself knows what may stand where: "cman complete".

function __cman_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] complete -- $words[2..-1] "$current" 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end

complete -c cman -f -a '(__cman_complete)'
