#!/usr/bin/env bash
# Twelve seconds worth filming, made by programs that are on the machine: what changed lately, the processes of this
# host, and a dive into the Mandelbrot set drawn in coloured characters.
cd "$(dirname "$0")/../.."
clear
printf '\e[1;36m  Jetway\e[0m  a terminal on machine A, parsed on B, drawn on C, filmed on A\n\n'
git --no-pager log --graph --color --oneline -n 16 2>/dev/null || ls --color -l
sleep 2
timeout --foreground -s INT 4 htop -d 4
CACA_DRIVER=ncurses timeout --foreground 8 ffmpeg -hide_banner -loglevel error -re \
    -f lavfi -i mandelbrot=size=240x160:rate=12 -t 5 -pix_fmt rgb24 -f caca -
clear
printf '\n\e[1;32m  That was it.\e[0m\n'
sleep 1
