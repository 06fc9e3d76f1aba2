# Completion of Fluster's commands in fish. Source this file, or put it into a directory of
# $fish_complete_path under the name of each command: fluster.fish, fluster-submit.fish, ...

function __fluster_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program fluster
    string match -q '*/*' -- $words[1]; and set program (string replace -r '[^/]*$' fluster -- $words[1])
    for line in ($program complete $words "$current" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (string replace -r '^--[^=]*=' '' -- "$current")
            case :directories
                __fish_complete_directories (string replace -r '^--[^=]*=' '' -- "$current") ''
            case :commands
                __fish_complete_command
            case '*'
                printf '%s\n' $line
        end
    end
end

for command in fluster fluster-submit fluster-run fluster-ls fluster-wait fluster-log fluster-kill \
        fluster-set fluster-ctl fluster-endpoint
    complete -c $command -f -a '(__fluster_complete)'
end
