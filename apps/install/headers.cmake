# Installs the headers that users' programs include, directly or indirectly, but no internal ones. In the tree they
# include each other relative to its root ("envs/random.h"). Installed, they include <sounder/envs/random.h>, so that a
# folder of the same name in a user's project does not take precedence.
#
# source: the tree; staged: a folder to prepare them in; with_torch: ON or OFF; include_folder: the destination. Without
# one they are prepared only.
cmake_policy(VERSION 3.25)
file(GLOB_RECURSE environments RELATIVE ${source} ${source}/envs/*.h)
set(pending apps/sounder.h agents/factory.h agents/policy.h core/running/evaluator.h core/running/trainer.h ${environments})
list(APPEND pending agents/a3c.h agents/action_value_agent.h agents/actor_critic_loss.h agents/network_agents.h
     agents/policy_distribution.h core/learning/action_masks.h core/learning/exploration.h core/learning/returns.h)
if(with_torch)
  list(APPEND pending agents/networks/torch_view.h)
endif()

file(LOCK ${staged}.lock GUARD PROCESS) # another installation of the same build may be under way
file(REMOVE_RECURSE ${staged})
set(seen "")
while(pending)
  list(POP_FRONT pending header)
  if(header IN_LIST seen)
    continue()
  endif()
  list(APPEND seen ${header})
  file(READ ${source}/${header} text)
  string(REGEX MATCHALL "#include \"[^\"]+\"" includes "${text}")
  list(TRANSFORM includes REPLACE "#include \"(.+)\"" "\\1")
  list(APPEND pending ${includes})
  string(REGEX REPLACE "#include \"([^\"]+)\"" "#include <sounder/\\1>" text "${text}")
  string(REGEX REPLACE "^apps/sounder\\.h$" "sounder.h" installed ${header})
  file(WRITE ${staged}/sounder/${installed} "${text}")
endwhile()

if(NOT DEFINED include_folder)
  return()
endif()
if(NOT IS_ABSOLUTE ${include_folder})
  string(PREPEND include_folder ${CMAKE_INSTALL_PREFIX}/)
endif()
file(INSTALL DESTINATION ${include_folder} TYPE DIRECTORY FILES ${staged}/sounder)
