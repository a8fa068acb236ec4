// Everything a C++ program needs to be part of a mesh: embed.hpp to be a machine, attach.hpp to
// join the one it runs on.
#pragma once

#include "jetway/attach.hpp"
#include "jetway/embed.hpp"
